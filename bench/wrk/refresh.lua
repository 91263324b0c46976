-- Each connection has a session of its own: every response carries the token of the next request. wrk does not say for
-- which connection it wants a request, so the script takes any token that is not in use.

local here = debug.getinfo(1, "S").source:match("@?(.*/)")
dofile(here .. "common.lua")

local headers, tokens, proofs = { ["Content-Type"] = "application/json" }, {}, nil

function init(args)
  -- Every run uses sessions that no run has used: the tokens of the last run are lost with it. One more than there are
  -- connections, since wrk generates one request before it begins.
  local all, from, each = lines(args[1] .. "/refresh.txt"), tonumber(args[2]), tonumber(args[3]) + 1
  for index = 1, each do tokens[index] = all[from + number * each + index] end
  -- Each proof is valid once, so every thread takes its own.
  if args[4] then proofs = every(args[1] .. "/proofs.txt", number, tonumber(args[4])) end
end

function request()
  local token = table.remove(tokens)
  if proofs then headers["DPoP"] = table.remove(proofs) end
  return wrk.format("POST", nil, headers, '{"refresh_token":"' .. token .. '"}')
end

function response(status, _, body)
  if status == 200 then
    tokens[#tokens + 1] = body:match('"refresh_token":"([^"]+)"')
  end
end
