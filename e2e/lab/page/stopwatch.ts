/**
 * Runs in every document, before anything else does. It notes when something can be used, on one clock for all documents of
 * a tab.
 */
export function stopwatch(): void {
  const now = () => performance.timeOrigin + performance.now()
  const timings: Timings = { typable: 0, started: 0, drawn: 0 }
  Object.assign(window, { timings })
  let field: HTMLInputElement | null = null

  const look = () => {
    const email = document.querySelector<HTMLInputElement>('input[name=email]')
    if (email && email !== field) {
      // What somebody has typed into the form that stood here before must still be there: only then could they type.
      if (!email.value) {
        timings.typable = performance.now()
        email.value = 'ada'
        email.dispatchEvent(new Event('input', { bubbles: true }))
      }
      field = email
    }
    const goal = sessionStorage.getItem('goal')
    if (goal && document.querySelector(goal)) {
      sessionStorage.removeItem('goal')
      // A task that is put in line within a frame runs when that frame has been drawn.
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => (timings.drawn = now())
      requestAnimationFrame(() => port2.postMessage(null))
    }
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true })
  addEventListener('DOMContentLoaded', look)
  addEventListener('TrunkApplicationStarted', () => {
    look()
    timings.started = performance.now()
  })
  addEventListener(
    'click',
    ({ timeStamp }) => sessionStorage.setItem('clicked', String(performance.timeOrigin + timeStamp)),
    { capture: true },
  )
}

/** What the stopwatch has noted so far, in milliseconds; zero while it has not happened. */
export interface Timings {
  /** When what is typed was accepted for good, from the start of the navigation. */
  typable: number
  /** When the page's own program ran. */
  started: number
  /** When the page that was gone to stood on the screen, on the clock of all documents. */
  drawn: number
}
