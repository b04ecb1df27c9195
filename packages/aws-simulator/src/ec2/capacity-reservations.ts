/** On-Demand Capacity Reservations: reserved instances of one type in one zone. [docs: EC2 capacity reservations] */
import { AwsError } from '../aws-error.js';
import type { Account, CapacityReservation } from './account.js';
import type { Action, Ec2Context } from './context.js';
import { requireType } from './find.js';
import { newId } from './ids.js';
import { missing, type Params } from './params.js';
import type { InstanceType } from './types.js';

export const createCapacityReservation: Action = ({ account }, params) => {
  const { name: type } = requireType(params.required('InstanceType'));
  const count = params.integer('InstanceCount');
  const zone = params.text('AvailabilityZone');
  if (count === undefined) throw missing('InstanceCount');
  if (zone === undefined) throw missing('AvailabilityZone');
  const targeted = params.text('InstanceMatchCriteria') === 'targeted';
  const reservation: CapacityReservation = { id: newId('cr'), zone, type, count, targeted };
  account.reservations.set(reservation.id, reservation);
  const { id } = reservation;
  return {
    capacityReservation: {
      capacityReservationId: id,
      instanceType: type,
      availabilityZone: zone,
      totalInstanceCount: count,
      availableInstanceCount: count,
      instanceMatchCriteria: targeted ? 'targeted' : 'open',
      state: 'active',
    },
  };
};

/**
 * Returns the reservation that a launch uses, or null.
 *
 * @throws ReservationCapacityExceeded if the named one does not fit or is used up
 */
export function reservationFor(
  { account }: Ec2Context,
  params: Params,
  type: InstanceType,
  zone: string,
  count: number,
): CapacityReservation | null {
  const asked = params.struct('CapacityReservationSpecification');
  const target = asked.struct('CapacityReservationTarget');
  const id = target.text('CapacityReservationId');
  const group = target.text('CapacityReservationResourceGroupArn');
  const preference = asked.text('CapacityReservationPreference') ?? 'open';
  const fits = (one: CapacityReservation): boolean =>
    one.type === type.name && one.zone === zone && freeIn(account, one) >= count;
  if (id !== undefined) {
    const named = account.reservations.get(id);
    if (named === undefined) {
      const message = `The capacity reservation '${id}' does not exist.`;
      throw new AwsError('InvalidCapacityReservationId.NotFound', 400, message);
    }
    if (fits(named)) return named;
    throw exceeded();
  }
  const all = [...account.reservations.values()];
  // Membership of groups is not modelled: each targeted reservation is in each group.
  if (group !== undefined) {
    const member = all.find((one) => one.targeted && fits(one));
    if (member === undefined) throw exceeded();
    return member;
  }
  const open = preference === 'none' ? undefined : all.find((one) => !one.targeted && fits(one));
  if (open === undefined && preference === 'capacity-reservations-only') throw exceeded();
  return open ?? null;
}

function freeIn(account: Account, { id, count }: CapacityReservation): number {
  const using = [...account.instances.values()].filter(
    ({ state, capacityReservationId }) =>
      capacityReservationId === id && state !== 'terminated' && state !== 'stopped' && state !== 'shutting-down',
  );
  return count - using.length;
}

/** Words of RunInstances and StartInstances. [hashicorp/terraform-provider-aws#35745] */
function exceeded(): AwsError {
  const message =
    'The requested reservation does not have sufficient compatible and available capacity for this request.';
  return new AwsError('ReservationCapacityExceeded', 400, message);
}
