-- Each thread has one connection and follows a session of its own: every answer carries the token of the next request.
-- So there must be as many threads as connections.

local here = debug.getinfo(1, "S").source:match("@?(.*/)")
dofile(here .. "common.lua")

local headers, token = { ["Content-Type"] = "application/json" }

function init(args)
  -- Every run uses sessions that no run has used: the tokens of the last one are gone with it.
  token = lines(args[1] .. "/refresh.txt")[tonumber(args[2]) + number + 1]
end

function request()
  return wrk.format("POST", nil, headers, '{"refresh_token":"' .. token .. '"}')
end

function response(status, _, body)
  if status == 200 then
    token = body:match('"refresh_token":"([^"]+)"')
  end
end
