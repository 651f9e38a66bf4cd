// The portal's page around an application. It decides nothing: messages go to the portal as they are, and the steps that
// come back are carried out. What is seen stands in the document, for people and for tests.
'use strict'

const setting = JSON.parse(document.getElementById('setting').textContent)
const app = document.getElementById('app')
const layout = document.getElementById('layout')
const seen = document.body.dataset

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function ask(path, body) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const answer = await fetch(`/frame/${path}sid=${setting.sid}`, init)
  return answer.ok ? answer.json() : null
}

// A window of another origin beside the application's, made when it is needed.
let foreign = null
function foreignWindow() {
  foreign ??= new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.id = 'foreign'
    frame.src = `${setting.foreignOrigin}/frame/foreign`
    frame.onload = () => resolve(frame.contentWindow)
    document.body.append(frame)
  })
  return foreign
}

async function sayFromElsewhere(say) {
  const elsewhere = await foreignWindow()
  const said = new Promise((resolve) => {
    const heard = (event) => {
      if (event.source === elsewhere) {
        window.removeEventListener('message', heard)
        resolve()
      }
    }
    window.addEventListener('message', heard)
  })
  elsewhere.postMessage({ say, to: setting.appOrigin }, setting.foreignOrigin)
  await said
}

function openSlider(effect) {
  const slider = document.createElement('section')
  slider.className = 'slider'
  Object.assign(slider.dataset, { path: effect.path ?? '', wishes: JSON.stringify(effect.wishes ?? {}) })
  const close = document.createElement('button')
  close.className = 'slider-close'
  close.textContent = 'Close'
  close.onclick = async () => carryOut(await ask('closed?', {}))
  slider.append(close, effect.path ?? '')
  if (effect.source) {
    const frame = document.createElement('iframe')
    frame.src = effect.source
    slider.append(frame)
  }
  document.body.append(slider)
}

const effects = {
  title(effect) {
    document.title = effect.title
  },
  scroll(effect) {
    window.scrollTo(window.scrollX, effect.top)
    seen.scroll = effect.top
  },
  resize(effect) {
    layout.style.width = effect.width
    if (effect.height) layout.style.height = effect.height
  },
  slider: openSlider,
  closeSlider() {
    [...document.querySelectorAll('.slider')].pop()?.remove()
    seen.closed = Number(seen.closed ?? 0) + 1
  },
  alert(effect) {
    document.getElementById('alert').textContent = effect.text
  },
  messenger() {},
  reload(effect) {
    const url = new URL(location.href)
    if (effect.installFinished) url.searchParams.set('install_finished', effect.installFinished)
    location.replace(url)
  },
}

async function carryOut(list) {
  for (const step of list?.steps ?? []) {
    if (step.after_ms) await sleep(step.after_ms)
    if (step.effect) {
      const line = document.createElement('li')
      line.dataset.kind = step.effect.kind
      line.textContent = JSON.stringify(step.effect)
      document.getElementById('effects').append(line)
      effects[step.effect.kind](step.effect)
    }
    if (step.say === null) continue
    if (step.from === 'foreign') await sayFromElsewhere(step.say)
    else app.contentWindow.postMessage(step.say, setting.appOrigin)
  }
}

// What JSON cannot carry is neither text nor object to the portal.
function asJson(data) {
  try {
    return JSON.parse(JSON.stringify(data ?? null))
  } catch {
    return null
  }
}

async function handOn(event) {
  const place = layout.getBoundingClientRect()
  const body = {
    origin: event.origin,
    data: asJson(event.data),
    height: place.height,
    available: document.documentElement.clientWidth,
  }
  carryOut(await ask('message?', body))
}

// One after another, so that the portal gets them in the order in which they came.
let before = Promise.resolve()
window.addEventListener('message', (event) => {
  if (event.origin === setting.foreignOrigin) return
  before = before.then(() => handOn(event)).catch(() => {})
})

// What the portal has to say without being asked: events of the placement, sliders that close.
async function listen() {
  let last = 0
  for (;;) {
    const list = await ask(`due?seen=${last}&`).catch(() => null)
    if (list === null) return
    last = list.last
    carryOut(list)
  }
}

// Who leaves is not told of anything any more.
window.addEventListener('pagehide', () => navigator.sendBeacon(`/frame/left?sid=${setting.sid}`))

seen.ready = 'Y'
document.getElementById('form').submit()
listen()
