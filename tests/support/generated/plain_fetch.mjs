// Node's own fetch sends Sec-Fetch-Mode, as browsers do, whose calls the local environment refuses.
import { request } from 'node:http'

globalThis.fetch = async asked => {
  const body = await asked.text()
  return new Promise((resolve, reject) => {
    const sent = request(asked.url, { method: asked.method, headers: Object.fromEntries(asked.headers) }, async response => {
      const parts = []
      for await (const part of response) parts.push(part)
      const { statusCode: status, headers } = response
      resolve(new Response(Buffer.concat(parts), { status, headers: { 'Content-Type': headers['content-type'] } }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
