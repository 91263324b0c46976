import type { CDPSession } from '@playwright/test'

/** Conditions of a measurement: the machine as it is, a slow CPU, and a slow network. */
export const CONDITIONS = {
  loopback: {},
  'CPU slowed 4×': { cpu: 4 },
  '"fast 3G" (1.6 Mbit/s, 150 ms)': { network: { latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 } },
} satisfies Record<string, Condition>

export interface Condition {
  /** CPU slowdown factor. */
  cpu?: number
  /** Latency in milliseconds, throughput in bytes per second. */
  network?: { latency: number; downloadThroughput: number; uploadThroughput: number }
}

/** Applies this condition to the page. */
export async function impose(devtools: CDPSession, { cpu, network }: Condition): Promise<void> {
  if (cpu) await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpu })
  if (network) await devtools.send('Network.emulateNetworkConditions', { offline: false, ...network })
}
