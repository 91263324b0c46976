-- Sends each GET request with the next access token of the list, and starts over at its end.

local here = debug.getinfo(1, "S").source:match("@?(.*/)")
dofile(here .. "common.lua")

local requests, at = {}, 0

function init(args)
  local tokens = lines(args[1] .. "/access.txt")
  for index, token in ipairs(tokens) do
    requests[index] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
  end
  -- The place in the list at which this run begins.
  at = tonumber(args[2] or 0) % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end
