// Runs operations with the official JavaScript SDK, and says what came of each.
//
// Run by `interop` (see `cargo xtask interop`), which starts an embedded portal:
//     B24_HOOK=.. NODE_EXTRA_CA_CERTS=ca.pem node operations.mjs
// Standard input has an operation a line, as `b24 run` takes them; standard output an outcome a line:
//     {"result", "more", "total"} | {"rows", "error"?} | {"results", "errors"} | {"error"}

import { createInterface } from 'node:readline'
import { B24Hook, ParamsFactory } from '@bitrix24/b24jssdk'

const sdk = B24Hook.fromWebhookUrl(process.env.B24_HOOK, {
  restrictionParams: {
    ...ParamsFactory.getDefault(),
    rateLimit: { burstLimit: 1e9, drainRate: 1e9, adaptiveEnabled: false }
  }
})
sdk.offClientSideWarning()

const run = {
  async call({ method, params, options: { requestId } }, actions) {
    const response = await actions.call.make({ method, params, requestId })
    return response.isSuccess ? told(response) : { error: first(response) }
  },

  async batch({ commands, haltOnError, options: { requestId } }, actions) {
    const options = { isHaltOnError: haltOnError ?? true, returnAjaxResult: true, requestId }
    const response = await actions.batch.make({ calls: commands, options })
    if (!response.isSuccess && response.errors.has('base-error')) {
      return { error: first(response) }
    }
    const rows = Object.entries(response.getData()).map(([key, row]) => {
      const named = { key: Array.isArray(commands) ? commands[key].as ?? Number(key) : key }
      return row.isSuccess ? { ...named, ...told(row) } : { ...named, error: first(row) }
    })
    return { rows }
  },

  async batchByChunk({ commands, haltOnError, options: { requestId } }, actions) {
    const options = { isHaltOnError: haltOnError ?? true, requestId }
    const response = await actions.batchByChunk.make({ calls: commands, options })
    return { results: response.getData(), errors: [...response.errors].map(([key, error]) => [key, code(error)]) }
  },

  async list({ method, params, itemsKey, idKey, cursorIdKey, limit, options: { requestId } }, actions) {
    const keys = { idKey, cursorIdKey, customKeyForResult: itemsKey }
    return rows(await actions.callList.make({ method, params, ...keys, limit, requestId }))
  },

  async tail({ method, params, itemsKey, cursorField, order, initialValue, limit, options: { requestId } }) {
    const keys = { customKeyForResult: itemsKey, cursorField, order, initialValue }
    return rows(await sdk.actions.v3.callTail.make({ method, params, ...keys, limit, requestId }))
  },

  async aggregate({ method, select, filter, options: { requestId } }) {
    const response = await sdk.actions.v3.aggregate.make({ method, select, params: { filter }, requestId })
    return response.isSuccess ? { result: response.getData() } : { error: first(response) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const operation = JSON.parse(line)
  console.log(JSON.stringify(await outcome(operation)))
}

async function outcome(operation) {
  try {
    return await run[operation.op](operation, sdk.actions[operation.api ?? 'v2'])
  } catch (error) {
    return { error: code(error) }
  }
}

// The SDK says only whether there is a next page, and 0 for a total that was not told.
function told(response) {
  return { result: response.getData().result, more: response.isMore(), total: response.getTotal() }
}

function rows(response) {
  return response.isSuccess ? { rows: response.getData() } : { rows: response.getData(), error: first(response) }
}

function first(response) {
  return code([...response.errors.values()][0])
}

// What both SDKs name alike has one prefix more here.
function code(error) {
  return (error.code ?? error.name).toString().replace(/^JSSDK_/, '')
}
