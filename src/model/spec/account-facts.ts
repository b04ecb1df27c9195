import type { Violation } from './violation.js';

/** What only the account knows of the things that a document names. Sizes are null where AWS does not tell them. */
export interface AccountFacts {
  vpcId: string;
  /** All of the VPC, secondary ones included. */
  vpcCidrs: string[];
  /** Zones that have a subnet of the cluster, once for each subnet; null where the document is not compared with them. */
  subnetZones: readonly string[] | null;
  /** Free addresses of the cluster's subnets, by zone; null where the document is not compared with them. */
  room: Readonly<Record<string, number>> | null;
  /** Zones that offer a type, by type. */
  typeZones: Readonly<Record<string, readonly string[]>>;
  /** By type, in MiB. */
  memory: Readonly<Record<string, number | null>>;
  /** The largest root snapshot of the images in use, in GiB. */
  imageSizeGiB: number | null;
}

/** Something of a document that does not fit the account. */
export interface Unfit {
  code:
    | 'NetworkOverlap'
    | 'TypeTooSmall'
    | 'VolumeTooSmall'
    | 'ZoneWithoutSubnet'
    | 'TypeNotOffered'
    | 'SubnetsTooSmall';
  violation: Violation;
}
