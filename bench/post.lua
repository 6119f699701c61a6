-- What wrk sends and what it reports. The request is fixed text, so that no Lua runs while it measures:
--   BENCH_METHOD   GET or POST
--   BENCH_BODY     the body, if any
--   BENCH_HEADERS  one "Name: value" a line
--   BENCH_REPORT   the file that gets one JSON object at the end
wrk.method = os.getenv("BENCH_METHOD") or "GET"
wrk.body = os.getenv("BENCH_BODY")
for name, value in (os.getenv("BENCH_HEADERS") or ""):gmatch("([^\n:]+):%s*([^\n]*)") do
  wrk.headers[name] = value
end

function done(summary, latency, _)
  local out = assert(io.open(os.getenv("BENCH_REPORT"), "w"))
  local e = summary.errors
  out:write(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,'
      .. '"p50_us":%d,"p90_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
  out:close()
end
