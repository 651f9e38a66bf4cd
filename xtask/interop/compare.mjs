// Makes the same calls with the official JavaScript SDK and with `b24 call`, and compares the results deeply.
//
// Run by `cargo xtask interop`, which installs the SDK and starts an embedded portal:
//     B24_HOOK=.. NODE_EXTRA_CA_CERTS=ca.pem node compare.mjs path/to/b24 ca.pem
// Exit status 1 when a call fails or a result differs. `time` is not compared: it differs from call to call.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { B24Hook } from '@bitrix24/b24jssdk'

process.on('uncaughtException', error => {
  // `b24` says on standard output what the portal refused.
  console.error(`error: ${error.message}${error.stdout ?? ''}`)
  process.exit(1)
})

const [program, ca] = process.argv.slice(2)
const sdk = B24Hook.fromWebhookUrl(process.env.B24_HOOK)
sdk.offClientSideWarning()

const deal = await firstId('crm.item.list', { entityTypeId: 2, select: ['id'] }, result => result.items)
const task = await firstId('tasks.task.list', { select: ['ID'] }, result => result.tasks)
const calls = [
  { api: 'v2', method: 'profile', params: {} },
  { api: 'v2', method: 'crm.item.get', params: { entityTypeId: 2, id: deal } },
  { api: 'v3', method: 'tasks.task.get', params: { id: task, select: ['id', 'title'] } }
]

let different = 0
for (const call of calls) {
  const [theirs, ours] = await Promise.all([askSdk(call), askB24(call)])
  const place = difference(theirs, ours)
  if (place) {
    different += 1
    console.log(`differs  ${describe(call)}: ${place}`)
  } else {
    console.log(`equal    ${describe(call)}: ${leaves(theirs)} values`)
  }
}
console.log(`${calls.length - different} of ${calls.length} results are equal in the JavaScript SDK and b24 (time not compared)`)
process.exitCode = different ? 1 : 0

/** The id of some row that the portal has. */
async function firstId(method, params, rows) {
  const row = rows(await askSdk({ api: 'v2', method, params }))?.[0]
  const id = Number(row?.id ?? row?.ID)
  if (!Number.isInteger(id)) {
    throw new Error(`${method} brought no row with an id`)
  }
  return id
}

async function askSdk({ api, method, params }) {
  const response = await sdk.actions[api].call.make({ method, params })
  if (!response.isSuccess) {
    throw new Error(`JavaScript SDK, ${method}: ${response.getErrorMessages().join('; ')}`)
  }
  // Through text and back: plain values, without the SDK's classes.
  return JSON.parse(JSON.stringify(response.getData().result))
}

async function askB24({ api, method, params }) {
  const args = ['call', method, '--ca', ca, '--api', api, '--params', JSON.stringify(params)]
  const { stdout } = await promisify(execFile)(program, args)
  return JSON.parse(stdout).result
}

/** Where two JSON values differ first, or nothing. */
function difference(theirs, ours, path = 'result') {
  if (isBranch(theirs) && isBranch(ours) && Array.isArray(theirs) === Array.isArray(ours)) {
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      const place = difference(theirs[key], ours[key], `${path}.${key}`)
      if (place) {
        return place
      }
    }
    return undefined
  }
  return Object.is(theirs, ours) ? undefined : `${path} is ${show(theirs)} in the SDK and ${show(ours)} in b24`
}

function show(value) {
  return value === undefined ? 'absent' : JSON.stringify(value)
}

function isBranch(value) {
  return typeof value === 'object' && value !== null
}

/** How many single values a JSON value holds. */
function leaves(value) {
  return isBranch(value) ? Object.values(value).reduce((sum, part) => sum + leaves(part), 0) : 1
}

function describe({ api, method, params }) {
  return `${api} ${method} ${JSON.stringify(params)}`
}
