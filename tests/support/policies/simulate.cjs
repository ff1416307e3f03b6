// Judges requests by @cloud-copilot/iam-simulate: reads a JSON list of its simulations, writes the list of results.
const { isWildcardOnlyAction, runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

async function judge (simulation) {
  const { action, resource } = simulation.request
  // AWS's reference, which the simulator validates by, knows no resource of SendTask*: they are judged on the one they have, unvalidated.
  if (resource.resource !== '*' && await isWildcardOnlyAction(...action.split(':'))) return runUnsafeSimulation(simulation, {})
  const judged = await runSimulation(simulation, {})
  const ignored = judged.result?.ignoredContextKeys ?? []
  if (judged.resultType !== 'single' || ignored.length > 0) {
    throw new Error(`${action} on ${resource.resource} cannot be judged: ${JSON.stringify(judged.errors ?? { ignored })}`)
  }
  return judged.overallResult
}

async function main () {
  const read = []
  for await (const chunk of process.stdin) read.push(chunk)
  const results = []
  for (const simulation of JSON.parse(Buffer.concat(read))) results.push(await judge(simulation))
  process.stdout.write(JSON.stringify(results))
}

main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
