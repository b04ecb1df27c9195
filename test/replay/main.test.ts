import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeHistory } from './format.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-replay-'));
  file = join(folder, 'history.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Exported {
  events: Record<string, unknown>[];
}

/** As the Web UI and `temporal workflow show --output json` write it. */
const exported = (): Exported => {
  const packed = readFileSync(fileURLToPath(new URL('./histories/create-dev.pb.gz', import.meta.url)));
  const history = JSON.parse(historyToJSON(decodeHistory(packed))) as Exported;
  const [first] = history.events;
  const started = first?.['workflowExecutionStartedEventAttributes'] as { workflowId: string };
  started.workflowId = 'cluster/dev';
  return history;
};

const replay = () =>
  spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url)), file], {
    encoding: 'utf8',
  });

describe('npm run replay', () => {
  it('says that the code does what an exported history says', () => {
    const history = exported();
    writeFileSync(file, JSON.stringify(history));

    const { status, stdout } = replay();

    expect(stdout).toBe(`cluster/dev: ${history.events.length} events replay\n`);
    expect(status).toBe(0);
  });

  it('names the event at which the code does something else', () => {
    const history = exported();
    const timer = history.events.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    const attributes = history.events[timer]?.['activityTaskScheduledEventAttributes'] as {
      activityType: { name: string };
    };
    attributes.activityType.name = 'somethingElse';
    writeFileSync(file, JSON.stringify(history));

    const { status, stdout } = replay();

    expect(stdout).toMatch(/^cluster\/dev: the code does not fit the history: .*somethingElse/s);
    expect(status).toBe(1);
  });

  it.each(['', '{}', '{"events":[]}', '[1, 2]', 'null'])(
    'refuses %j, which is no history, and says how to write one',
    (text) => {
      writeFileSync(file, text);

      const { status, stderr } = replay();

      expect(stderr).toContain(`${file} is no history: `);
      expect(stderr).toContain('temporal workflow show -w cluster/NAME --output json');
      expect(status).toBe(2);
    },
  );
});
