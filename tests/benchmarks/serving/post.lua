-- POST the file BENCH_BODY, or GET without one; print one line of JSON at the end. BENCH_HEADER_BYTES: where the
-- binary tensors begin, empty for JSON.
local name = os.getenv("BENCH_BODY")
if name then
  local file = assert(io.open(name, "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  local header = os.getenv("BENCH_HEADER_BYTES")
  if header and header ~= "" then
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.headers["Inference-Header-Content-Length"] = header
  else
    wrk.headers["Content-Type"] = "application/json"
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.4f,"p95_ms":%.4f,"p99_ms":%.4f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
