// Reads all rows of `crm.item.list` page by page with the official JavaScript SDK, and says what that cost.
//
// Run by `cargo xtask bench list`, against an embedded portal without limits:
//     B24_HOOK=.. node list.mjs ROWS
// Prints one JSON line. CPU is counted from the first call: neither Node's own start nor reading the SDK's code is in it.

import { B24OAuth, ParamsFactory } from '@bitrix24/b24jssdk'

const rows = Number(process.argv[2])
// `B24Hook` speaks nothing but https. An application takes any address, the one of a webhook too; the portal goes by the
// webhook, and does not look at the token that comes along.
const endpoint = process.env.B24_HOOK.replace(/\/$/, '')
const sdk = new B24OAuth(
  {
    applicationToken: 'x',
    userId: 1,
    memberId: 'm',
    accessToken: 't',
    refreshToken: 'r',
    expires: Math.floor(Date.now() / 1000) + 1e6,
    expiresIn: 1e6,
    scope: 'crm',
    domain: '127.0.0.1',
    clientEndpoint: endpoint,
    serverEndpoint: endpoint,
    status: 'L'
  },
  { clientId: 'a', clientSecret: 'b' },
  {
    restrictionParams: {
      ...ParamsFactory.getDefault(),
      rateLimit: { burstLimit: 1e9, drainRate: 1e9, adaptiveEnabled: false }
    }
  }
)
sdk.offClientSideWarning()

const params = {
  entityTypeId: 2,
  select: ['id', 'title', 'stageId', 'opportunity', 'currencyId', 'assignedById', 'createdTime', 'updatedTime']
}
const idleRssKib = process.resourceUsage().maxRSS
const begin = process.cpuUsage()
let [count, sum] = [0, 0]
const pages = sdk.actions.v2.fetchList.make({
  method: 'crm.item.list',
  params,
  idKey: 'id',
  customKeyForResult: 'items'
})
for await (const page of pages) {
  for (const row of page) {
    count += 1
    sum += row.id
  }
}
const cpu = process.cpuUsage(begin)
if (count !== rows) {
  throw new Error(`${count} of ${rows} rows were read`)
}
console.log(JSON.stringify({
  rows: count,
  idSum: sum,
  cpuMicros: cpu.user + cpu.system,
  idleRssKib,
  peakRssKib: process.resourceUsage().maxRSS
}))
