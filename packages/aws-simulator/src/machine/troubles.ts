/** What someone has made of one machine's K3s, through the simulator's admin API. It goes with the machine. */
export interface Troubles {
  /** When its certificates end, in milliseconds since the epoch; null: a year after they were made. */
  certificatesEnd: number | null;
  /** When the CAs that sign them end, in milliseconds since the epoch; null: ten years after they were made. */
  authoritiesEnd: number | null;
  /** How much of its etcd database is in use, in MiB; null: what K3s itself needs. */
  databaseUsedMiB: number | null;
  /** Names of the checks that fail on its /readyz. */
  failingChecks: string[];
  kubelet: KubeletTroubles;
}

/** What a kubelet reports of its Node. */
export interface KubeletTroubles {
  pressure: Pressure[];
  /** Not ready although its service runs, until that is started again. */
  notReady: boolean;
}

export const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;
export type Pressure = (typeof PRESSURES)[number];

export function noTroubles(): Troubles {
  return {
    certificatesEnd: null,
    authoritiesEnd: null,
    databaseUsedMiB: null,
    failingChecks: [],
    kubelet: noKubeletTroubles(),
  };
}

export function noKubeletTroubles(): KubeletTroubles {
  return { pressure: [], notReady: false };
}
