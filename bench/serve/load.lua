-- wrk's side of bench/serve/run.py: posts the pictures of a folder as multipart forms in turn, counts
-- answers by status, and writes latencies in milliseconds as JSON.
-- usage: wrk -s load.lua ADDRESS/PATH -- FIELD OUTPUT.json MODEL|- PICTURE…
local bodies, statuses, threads = {}, {}, {}
local counter = 0

function setup(thread)
  table.insert(threads, thread)
  thread:set("id", #threads)
end

function init(args)
  local boundary = "peel-bench-boundary"
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
  field, output = args[1], args[2]
  local part = "--" .. boundary .. "\r\nContent-Disposition: form-data; name="
  local text = args[3] == "-" and "" or part .. '"model"\r\n\r\n' .. args[3] .. "\r\n"
  for i = 4, #args do
    local file = assert(io.open(args[i], "rb"))
    local bytes = file:read("*a")
    file:close()
    bodies[#bodies + 1] = text .. part .. '"' .. field ..
      '"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' .. bytes .. "\r\n--" .. boundary .. "--\r\n"
  end
  counted = {}
  -- Made once: putting a request of a megabyte together costs as much as answering some.
  requests = {}
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
  output_file = output
  counter = id or 0
end

function request()
  counter = counter + 1
  return requests[counter % #requests + 1]
end

function response(status)
  counted[status] = (counted[status] or 0) + 1
end

function done(summary, latency)
  local total, file_name = {}, nil
  for _, thread in ipairs(threads) do
    file_name = thread:get("output_file")
    for status, count in pairs(thread:get("counted")) do total[status] = (total[status] or 0) + count end
  end
  local parts = {}
  for status, count in pairs(total) do parts[#parts + 1] = string.format('"%d": %d', status, count) end
  local file = assert(io.open(file_name, "w"))
  file:write(string.format(
    '{"seconds": %.3f, "requests": %d, "statuses": {%s}, "errors": {"connect": %d, "read": %d, "write": %d, ' ..
    '"timeout": %d}, "ms": {"p50": %.2f, "p90": %.2f, "p99": %.2f, "max": %.2f}}\n',
    summary.duration / 1e6, summary.requests, table.concat(parts, ", "), summary.errors.connect,
    summary.errors.read, summary.errors.write, summary.errors.timeout, latency:percentile(50) / 1e3,
    latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
  file:close()
end
