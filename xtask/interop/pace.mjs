// Makes many batches at once with the official JavaScript SDK, with its own restriction parameters, and says how long it took.
//
// Run by `bench-pace`, which starts an embedded portal:
//     B24_HOOK=.. NODE_EXTRA_CA_CERTS=ca.pem node pace.mjs BATCHES COMMANDS PHASE_MS
// Prints one JSON line. The first call goes PHASE_MS after a whole second, when the portal's bucket drains.

import { B24Hook } from '@bitrix24/b24jssdk'

const [batches, commands, phase] = process.argv.slice(2).map(Number)
const sdk = B24Hook.fromWebhookUrl(process.env.B24_HOOK)
sdk.offClientSideWarning()

const calls = Object.fromEntries(Array.from({ length: commands }, (_, number) => {
  const id = number + 1
  return [`u${number}`, { method: 'crm.item.update', params: { entityTypeId: 2, id, fields: { title: `Deal ${id}` } } }]
}))

await new Promise(resolve => setTimeout(resolve, 1000 - (Date.now() % 1000) + phase))
const begin = performance.now()
const done = await Promise.all(Array.from({ length: batches }, batch))
const millis = Math.round(performance.now() - begin)
console.log(JSON.stringify({ millis, lost: done.filter(it => !it).length }))

/** Whether one batch was done, with all its commands. */
async function batch() {
  try {
    const response = await sdk.actions.v2.batch.make({ calls, options: { isHaltOnError: false } })
    return response.isSuccess && Object.keys(response.getData()).length === commands
  } catch (error) {
    console.error(`JavaScript SDK: ${error.message}`)
    return false
  }
}
