/**
 * `npm run replay -- FILE`: runs the workflow code of this checkout over a history that the Web UI or
 * `temporal workflow show --output json` has written, and says where the code no longer does what the history says. Ends with 1
 * where the code does not fit, and with 2 where the file is no history.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_SINKS } from '#src/worker/sinks.js';

interface Exported {
  events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
}

function read(path: string): { history: Exported; workflowId: string } {
  const history = JSON.parse(readFileSync(path, 'utf8')) as Exported;
  const started = history.events[0]?.workflowExecutionStartedEventAttributes;
  if (started === undefined) throw new Error('its first event is no WorkflowExecutionStarted');
  if (started.workflowId === undefined) throw new Error('its first event names no workflow id');
  return { history, workflowId: started.workflowId };
}

async function main(path: string | undefined): Promise<number> {
  if (path === undefined) {
    process.stderr.write('no history is named: npm run replay -- FILE\n');
    return 2;
  }
  let input: ReturnType<typeof read>;
  try {
    input = read(path);
  } catch (error) {
    process.stderr.write(
      `${path} is no history: ${error instanceof Error ? error.message : String(error)}. Write one with: temporal workflow show -w cluster/NAME --output json\n`,
    );
    return 2;
  }
  // A file that is no history is refused before the SDK is read.
  const { DefaultLogger, Runtime, Worker } = await import('@temporalio/worker');
  const { DeterminismViolationError } = await import('@temporalio/workflow');
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
  });
  const codePath = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
  try {
    await Worker.runReplayHistory({ workflowBundle: { codePath }, sinks: NO_SINKS }, input.history, input.workflowId);
  } catch (error) {
    if (!(error instanceof DeterminismViolationError)) throw error;
    process.stdout.write(`${input.workflowId}: the code does not fit the history: ${error.message}\n`);
    return 1;
  }
  process.stdout.write(`${input.workflowId}: ${input.history.events.length} events replay\n`);
  return 0;
}

process.exitCode = await main(process.argv[2]);
