// How the browser tests run: each worker has a server and a database of its own (fixtures/server.ts), and no file of tests shares them
// with another (`world` in fixtures/test.ts).
import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'
import type { WorkerOptions } from './fixtures/test'

/** A browser from the system where there is one, else the one that Playwright brings. */
const chromium = process.env.CHROMIUM || (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined)

export default defineConfig<object, WorkerOptions>({
  testDir: './tests',
  outputDir: './test-results',
  // Each worker costs a server and a browser: two are what a small machine carries.
  workers: Number(process.env.TANDEM_TEST_WORKERS ?? 2),
  forbidOnly: !!process.env.CI,
  // A test that passes at the second try hides a race in the product.
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 7_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    actionTimeout: 7_000,
    navigationTimeout: 15_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Only the project `pwa` has a service worker; elsewhere it would hide what the network does.
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox', // as root there is none
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-gpu',
      ],
    },
  },
  projects: [
    { name: 'app', testIgnore: ['no-js/**', 'pwa/**'] },
    // The main job once more, on the other engine; skipped where there is none.
    { name: 'postgres', testMatch: 'main-job.spec.ts', use: { postgres: process.env.TANDEM_TEST_POSTGRES } },
    { name: 'no-js', testMatch: 'no-js/**/*.spec.ts', use: { javaScriptEnabled: false } },
    { name: 'pwa', testMatch: 'pwa/**/*.spec.ts', use: { serviceWorkers: 'allow' } },
  ],
})
