-- Functions that the wrk scripts share: lists from files, and one line of numbers at the end. Arguments of a script
-- that reads lists: their folder, and the place in a list at which to begin.

function lines(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

-- Returns every `step`th line, beginning with line `first`, counted from 0.
function every(path, first, step)
  local list, count = {}, 0
  for line in io.lines(path) do
    if count % step == first then list[#list + 1] = line end
    count = count + 1
  end
  return list
end

-- Gives each thread its number, counted from 0.
local count = 0
function setup(thread)
  thread:set("number", count)
  count = count + 1
end

-- Prints requests, microseconds, p50, p99, connection errors (including missing responses), and unsuccessful responses.
function done(summary, latency)
  local errors = summary.errors
  local cut = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("NUMBERS %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), cut, errors.status))
end
