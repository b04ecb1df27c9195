/** The event buses that exist: that of every account and region, and one for notifications. */
import { ACCOUNT_ID } from '../ec2/network.js';
import { NOTIFICATIONS } from '../sns/topics.js';

/** ARN of the bus that exists from the start, which the stack has as its parameter NotifyEventBusArn. */
export const notificationsBus = (region: string): string => busArn(region, ACCOUNT_ID, NOTIFICATIONS);

/** @param named in a request: by name or by ARN; the default bus where it names none [EventBridge API: PutEventsRequestEntry] */
export function busArn(region: string, account: string, named: unknown = 'default'): string {
  const name = String(named);
  return name.startsWith('arn:') ? name : `arn:aws:events:${region}:${account}:event-bus/${name}`;
}

export const isDefaultBus = (arn: string): boolean => arn.endsWith(':event-bus/default');
