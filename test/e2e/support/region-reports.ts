import { defaultPayloadConverter } from '@temporalio/common';
import { type RegionReport, readRegionReport } from '#src/model/watch/region-report.js';
import type { StackFixture } from '../fixture.js';

/** What was reported to a cluster of its instances in the history of now: by the region watch as a whole, by an event of one instance. */
export async function regionReportsTo({ client }: Pick<StackFixture, 'client'>, name: string): Promise<RegionReport[]> {
  const { events } = await client.workflow.getHandle(`cluster/${name}`).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const [payload] = signal?.input?.payloads ?? [];
    if (signal?.signalName !== 'reconcile' || !payload) return [];
    return readRegionReport(defaultPayloadConverter.fromPayload(payload)) ?? [];
  });
}
