// Reports by the types that openapi-typescript makes that the work goes on: reads what it needs, and writes what it got.
import createClient from 'openapi-fetch'
import type { paths } from './api.d.ts'

declare const process: { stdin: AsyncIterable<Uint8Array> }

const read = []
for await (const part of process.stdin) read.push(new TextDecoder().decode(part))
const { baseUrl, token, callbackId, orderId } = JSON.parse(read.join(''))

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } })
const { data, error, response } = await client.POST('/externalCallback/ORDER_FRAUD_REVIEW', {
  params: { query: { callback_id: callbackId } },
  body: { order_id: orderId, task_type: 'ORDER_FRAUD_REVIEW', task_status: 'IN_PROGRESS' }
})
console.log(JSON.stringify({ status: response.status, result: data?.result, problem: error?.type }))
