import type { MetricMeter } from '@temporalio/common';
import type { AwsCall } from '../../aws/clients.js';
import { classifyCode } from '../../model/errors/index.js';

/** Counts calls to AWS by action and class of error, with their time. */
export function awsCallMetrics(meter: MetricMeter): (call: AwsCall) => void {
  const calls = meter.createCounter(
    'keelson_aws_calls',
    '',
    'Calls to AWS by action and class of error; class none for those that succeed',
  );
  const times = meter.createHistogram('keelson_aws_call_duration', 'float', 'seconds', 'Time until AWS answers');
  return ({ service, action, region, code, httpStatus, ms }) => {
    const tags = { service, action, region };
    calls.add(1, { ...tags, class: code === null ? 'none' : classifyCode(code, httpStatus).class });
    times.record(ms / 1_000, tags);
  };
}
