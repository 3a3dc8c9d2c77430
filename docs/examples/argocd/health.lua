-- Health of ModelDeployment, RetrainPolicy and RetrainRun. Their status follows kstatus: observedGeneration and the
-- conditions Ready, Reconciling and Stalled. Drift, retraining and a rejected candidate leave a model healthy.
local function condition(kind)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, each in ipairs(obj.status.conditions) do
      if each.type == kind then
        return each
      end
    end
  end
  return {status = "Unknown", message = ""}
end

local function health(status, message)
  return {status = status, message = message}
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "being deleted")
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "waiting for the operator")
end

local ready, reconciling, stalled = condition("Ready"), condition("Reconciling"), condition("Stalled")
if stalled.status == "True" then
  return health("Degraded", stalled.message)
end
if obj.spec ~= nil and obj.spec.suspend then
  return health("Suspended", "suspended")
end
if reconciling.status == "True" then
  return health("Progressing", reconciling.message)
end
if ready.status == "True" then
  local drift = condition("DriftConfirmed")
  if drift.status == "True" then
    return health("Healthy", "drift: " .. drift.message)
  end
  return health("Healthy", ready.message)
end
return health("Progressing", ready.message)
