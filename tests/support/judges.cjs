// Judges documents by what their readers use: reads a JSON list of [kind, document], writes the list of their findings.
const { Parser } = require('@asyncapi/parser')
const { createConfig, lintFromString } = require('@redocly/openapi-core')
const { Document, Spectral } = require('@stoplight/spectral-core')
const { Json } = require('@stoplight/spectral-parsers')
const { oas } = require('@stoplight/spectral-rulesets')

const found = diagnostics => diagnostics.map(({ code, path, message }) => `${code} at ${path.join('/')}: ${message}`)

async function redocly (text) {
  const config = await createConfig({ extends: ['recommended-strict'] })
  const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config })
  return problems.map(({ ruleId, location, message }) => `${ruleId} at ${location[0]?.pointer}: ${message}`)
}

async function spectral (text) {
  const judge = new Spectral()
  judge.setRuleset({ extends: [[oas, 'recommended']] })
  return found(await judge.run(new Document(text, Json, 'openapi.json')))
}

async function asyncapi (text) {
  return found((await new Parser().parse(text)).diagnostics)
}

async function main () {
  const judges = { redocly, spectral, asyncapi }
  const read = []
  for await (const part of process.stdin) read.push(part)
  const findings = []
  for (const [judge, document] of JSON.parse(Buffer.concat(read))) findings.push(await judges[judge](JSON.stringify(document)))
  console.log(JSON.stringify(findings))
}

main()
