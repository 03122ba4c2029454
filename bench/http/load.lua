-- One thread is one connection with a cookie of its own: two requests never carry the same session at once.
local cookies = {}
local threads = 0

local file = os.getenv("BENCH_COOKIES")
if file then
  for line in io.lines(file) do cookies[#cookies + 1] = line end
end

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  if #cookies > 0 then wrk.headers["Cookie"] = cookies[number % #cookies + 1] end
end

-- A login changes the cookie, and the next request brings the new one, as a browser does.
if os.getenv("BENCH_FOLLOW") then
  request = function() return wrk.format() end
  response = function(status, headers, body)
    local sent = headers["Set-Cookie"]
    if sent then wrk.headers["Cookie"] = sent:match("^[^;]+") end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\nRESULT {"requests":%d,"micros":%d,"bytes":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
