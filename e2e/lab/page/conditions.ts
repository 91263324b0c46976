import type { CDPSession } from '@playwright/test'

/** What the page meets: the machine as it is, a slow one, and a slow network. */
export const CONDITIONS = {
  loopback: {},
  'CPU slowed 4×': { cpu: 4 },
  '"fast 3G" (1.6 Mbit/s, 150 ms)': { network: { latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 } },
} satisfies Record<string, Condition>

export interface Condition {
  /** How many times slower. */
  cpu?: number
  /** In milliseconds, and bytes a second. */
  network?: { latency: number; downloadThroughput: number; uploadThroughput: number }
}

/** Puts the browser's page under this condition. */
export async function impose(devtools: CDPSession, { cpu, network }: Condition): Promise<void> {
  if (cpu) await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpu })
  if (network) await devtools.send('Network.emulateNetworkConditions', { offline: false, ...network })
}
