import type { CapacityReservation, ClusterSpec } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

type Path = (string | number)[];

/** Checks that there is one way to choose a reservation, which every type of the pool can use. */
export const capacityReservations: Rule = ({ spec }) =>
  groupsOf(spec).flatMap(({ path, reservation, types, zones }) =>
    reservation === undefined ? [] : check([...path, 'capacityReservation'], reservation, types, zones),
  );

const groupsOf = ({ servers, pools }: ClusterSpec) => [
  { path: ['spec', 'servers'] as Path, reservation: servers.capacityReservation, types: 1, zones: 0 },
  ...pools.map(({ capacityReservation, fallbackTypes, zones = [] }, index) => ({
    path: ['spec', 'pools', index] as Path,
    reservation: capacityReservation,
    types: 1 + fallbackTypes.length,
    zones: zones.length,
  })),
];

function check(path: Path, reservation: CapacityReservation, types: number, zones: number): Violation[] {
  const given = (['id', 'resourceGroupArn', 'preference'] as const).filter((key) => reservation[key] !== undefined);
  if (given.length === 0)
    return [{ path, message: 'names no reservation', hint: 'add id, resourceGroupArn or preference' }];
  if (given.length > 1)
    return [{ path, message: `has ${given.join(' and ')}`, hint: 'EC2 takes one of them: keep one' }];
  // A reservation has one type: a launch of another one would never fit. [docs: EC2, On-Demand Capacity Reservations]
  if (reservation.id !== undefined && types > 1)
    return [
      {
        path: [...path, 'id'],
        message: 'is a reservation of one instance type, and the pool has fallbackTypes',
        hint: 'leave out fallbackTypes, or name a group of reservations as resourceGroupArn',
      },
    ];
  if (reservation.id !== undefined && zones > 1)
    return [
      {
        path: [...path, 'id'],
        message: `is a reservation of one zone, and the pool has ${zones}`,
        hint: 'keep its zone alone, or name a group of reservations as resourceGroupArn',
      },
    ];
  return [];
}
