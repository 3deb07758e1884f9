/** Hosts and the platform as a whole, as the coordinator sends them. */

export interface IGpu {
  index: number;
  uuid: string;
  name: string;
  memory: number;
  /** Whether `memory` is the machine's own. */
  is_unified: boolean;
}

export interface IGpuSample {
  index: number;
  /** Per cent. */
  utilisation: number;
  memory_used: number;
  foreign_memory: number;
}

export interface IHostSample {
  /** Unix time, s. */
  time: number;
  /** Per cent of all CPUs of the machine. */
  cpu: number;
  memory_used: number;
  memory_total: number;
  disk_free: number;
  disk_total: number;
  /** Bytes per second. */
  network_sent: number;
  network_received: number;
  gpus: IGpuSample[];
}

export interface IHostDescription {
  name: string;
  id: string;
  boot_id: string;
  hostname: string;
  arch: string;
  os: string;
  ip: string;
  machine_cpus: number;
  /** CPUs offered. */
  cpus: number;
  /** Bytes offered. */
  memory: number;
  gpus: IGpu[];
  /** A sentence for each GPU that cannot be offered. */
  gpus_not_offered: string[];
  /** Role to how many may run at once; null: as many as fit. */
  roles: { [role: string]: number | null };
  overcommitted: string | null;
  warm: boolean;
  version: string;
  torch: string | null;
  keeps_processes: boolean;
}

export interface IHost {
  description: IHostDescription;
  address: string | null;
  /** Silent: it owes an answer, and is lost when that does not come. */
  state: 'up' | 'silent' | 'lost';
  joined_at: string;
  last_seen_at: string;
  cpus_busy: number;
  memory_busy: number;
  gpus_busy: number[];
  /** Ids of the jobs that hold a lease here. */
  jobs: string[];
  sample: IHostSample | null;
}

export interface ISlots {
  total: number;
  busy: number;
}

export interface ITypeSummary {
  /** Jobs that hold a place. */
  running: number;
  waiting: number;
  hosts_busy: number;
}

export interface IStatus {
  version: string;
  protocol: number;
  started_at: string;
  uptime_s: number;
  owner: string;
  data_dir: string;
  queued: number;
  running: number;
  finished: number;
  hosts: number;
  hosts_lost: number;
  slots: ISlots;
  gpus: ISlots;
  /** Each type of job to what is done of it. */
  types: { [type: string]: ITypeSummary };
  /** Hosts that are up and on which no job runs. */
  hosts_idle: number;
  disk_free: number;
  warnings: string[];
}
