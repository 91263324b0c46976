-- Signs in another person with each request.

local here = debug.getinfo(1, "S").source:match("@?(.*/)")
dofile(here .. "common.lua")

local emails, password, at = {}, "", 0

function init(args)
  emails, password = lines(args[1] .. "/emails.txt"), args[2]
  at = number * 97
end

function request()
  at = at % #emails + 1
  local body = '{"email":"' .. emails[at] .. '","password":"' .. password .. '","token_delivery":"body"}'
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end
