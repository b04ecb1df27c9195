/** Permissions for Publish and PutEvents. [Service Authorization Reference: Amazon SNS, Amazon EventBridge] */
import type { AwsCall } from '../contract.js';
import { busArn } from '../eventbridge/buses.js';
import type { Check } from './check.js';

/** @param target of the call: a topic, named by its ARN */
export function publishChecks(target: string | undefined): Check[] {
  // SNS answers to a call without one.
  return target === undefined ? [] : [{ action: 'sns:Publish', resource: target, kind: 'topic', keys: {} }];
}

/** Each entry on its own bus, by its source and type; an entry without these is checked without them. */
export function putEventsChecks({ region, account }: AwsCall, input: Record<string, unknown>): Check[] {
  const entries = input['Entries'] as Record<string, unknown>[];
  return entries.map(({ EventBusName, Source, DetailType }) => ({
    action: 'events:PutEvents',
    resource: busArn(region, account, EventBusName ?? undefined),
    kind: 'event-bus',
    keys: {
      'events:eventBusInvocation': 'false',
      ...(typeof Source === 'string' && { 'events:source': Source }),
      ...(typeof DetailType === 'string' && { 'events:detail-type': DetailType }),
    },
  }));
}
