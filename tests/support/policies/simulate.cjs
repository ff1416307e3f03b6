// Judges requests by @cloud-copilot/iam-simulate: reads a JSON list of its simulations, writes the list of results.
const { isWildcardOnlyAction, runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

// It knows no key of an encryption context. Another kind of key with a name of the caller's choice, in policies and requests, is judged alike.
const standIn = text => text.replaceAll('"kms:EncryptionContext:', '"aws:RequestTag/kms:EncryptionContext:')

async function judge (simulation) {
  const { action, resource } = simulation.request
  // AWS's reference, which it validates by, has no resource for SendTask*: on a state machine they are judged as they are.
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
  for (const simulation of JSON.parse(standIn(String(Buffer.concat(read))))) results.push(await judge(simulation))
  process.stdout.write(JSON.stringify(results))
}

main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
