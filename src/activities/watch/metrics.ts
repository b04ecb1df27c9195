import { metricMeter } from '@temporalio/activity';
import { accountIdOf } from '../../model/account-role.js';
import type { WatchPlace } from '../../model/watch/place.js';

/**
 * Records a round of the region watch: whether it has observed the whole region, and when it last did. The label `account` is empty for the
 * worker's own, which Prometheus treats like no label.
 */
export function regionObserved(place: WatchPlace, failures: readonly { code: string }[], at: string): void {
  const { region } = place;
  const account = accountIdOf(place.account) ?? '';
  const rounds = metricMeter.createCounter('keelson_region_observations', '', 'Observations of a region by outcome');
  const outcome = failures.length === 0 ? 'whole' : 'failed';
  rounds.add(1, { region, account, outcome, code: failures[0]?.code ?? 'none' });
  if (failures.length > 0) return;
  metricMeter
    .createGauge(
      'keelson_region_last_observation_timestamp_seconds',
      'int',
      '',
      'When the region was last observed as a whole',
    )
    .set(Math.floor(Date.parse(at) / 1_000), { region, account });
}
