import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const COLUMNS = ['Status', 'Workflow ID', 'K3sPhase', 'K3sHealth', 'K3sRegion', 'K3sVersion', 'Start'];
const LIMIT = { timeout: 180_000 };
/** The Web UI draws in several rounds. */
const DRAWN_MS = 2_500;

/** Temporal's Web UI, with columns for phase, health, region and version. */
export async function openWeb({ browser, folder, url }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addInitScript(
    (columns) =>
      globalThis.localStorage.setItem(
        'namespace-workflow-table-columns',
        JSON.stringify({ default: columns.map((label) => ({ label })) }),
      ),
    COLUMNS,
  );
  const workflows = `${url}/namespaces/default/workflows`;

  async function taken(address, file, height, ready) {
    const page = await context.newPage();
    await page.setViewportSize({ width: 1280, height });
    await page.goto(address);
    await ready(page);
    await sleep(DRAWN_MS);
    await page.screenshot({ path: join(folder, file) });
    await page.close();
  }

  return {
    list: (id, file) => taken(workflows, file, 700, (page) => page.getByText(id).first().waitFor(LIMIT)),
    /** The whole of the current details: phase, cause, steps, nodes, conditions. */
    details: (id, file) =>
      taken(`${workflows}/${encodeURIComponent(id)}`, file, 1_500, async (page) => {
        await page.getByText('User Metadata').first().click(LIMIT);
        await page.getByText('Current Details').first().waitFor(LIMIT);
      }),
    callStack: (id, file) =>
      taken(`${workflows}/${encodeURIComponent(id)}`, file, 800, (page) =>
        page.getByText('Call Stack').first().click(LIMIT),
      ),
    timeline: (id, file) =>
      taken(`${workflows}/${encodeURIComponent(id)}`, file, 1_400, async (page) => {
        const control = page.getByText('Auto Refresh').first();
        await control.waitFor(LIMIT);
        await sleep(DRAWN_MS);
        await control.evaluate((element) => element.scrollIntoView({ block: 'start' }));
      }),
  };
}
