/**
 * Records when the page becomes usable. Runs in every document before any other script. `drawn` is on one clock for all
 * documents of a tab.
 */
export function stopwatch(): void {
  const now = () => performance.timeOrigin + performance.now()
  const timings: Timings = { typable: 0, started: 0, drawn: 0 }
  Object.assign(window, { timings })
  let field: HTMLInputElement | null = null

  const look = () => {
    const email = document.querySelector<HTMLInputElement>('input[name=email]')
    if (email && email !== field) {
      // Text that was typed into an earlier form must still be there: a field that lost it did not accept input before.
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
      // A task that is queued within a frame runs after that frame has been drawn.
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

/** Times that the stopwatch has recorded so far, in milliseconds; zero for those that have not happened yet. */
export interface Timings {
  /** Time from which typed text is kept, since the start of the navigation. */
  typable: number
  /** Time at which the page's application had started, since the start of the navigation. */
  started: number
  /** Time at which the target page was drawn, since the Unix epoch, on the clock that all documents share. */
  drawn: number
}
