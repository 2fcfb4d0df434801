// How the browser tests run. Each worker has its own server and database (fixtures/server.ts). Test files never share them
// (`world` in fixtures/test.ts).
import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'
import type { WorkerOptions } from './fixtures/test'

/** The system's Chromium if there is one, otherwise Playwright's. */
const chromium = process.env.CHROMIUM || (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined)

export default defineConfig<object, WorkerOptions>({
  testDir: './tests',
  outputDir: './test-results',
  // Each worker runs a server and a browser. A small machine can run two.
  workers: Number(process.env.TANDEM_TEST_WORKERS ?? 2),
  forbidOnly: !!process.env.CI,
  // No retries: a test that passes at the second attempt hides a race in the product.
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
    // Only the project `pwa` has a service worker. In other tests, it would hide network requests.
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox', // Chromium has no sandbox when it runs as root
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
    // The main job again, on PostgreSQL. Skipped if there is no PostgreSQL server.
    { name: 'postgres', testMatch: 'main-job.spec.ts', use: { postgres: process.env.TANDEM_TEST_POSTGRES } },
    { name: 'no-js', testMatch: 'no-js/**/*.spec.ts', use: { javaScriptEnabled: false } },
    { name: 'pwa', testMatch: 'pwa/**/*.spec.ts', use: { serviceWorkers: 'allow' } },
  ],
})
