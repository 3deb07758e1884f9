import { followedSeries } from '../format';
import type { IPlatformApi } from '../tokens';
import type { IJob } from '../wire';

/** Points that the small curve of a job has at most. */
export const TREND_POINTS = 60;

interface ITrend {
  readonly series: string;
  points: number[];
  /** Of how many values each point is made: doubled whenever there are too many points. */
  stride: number;
  pending: number[];
  lastStep: number;
}

/** What running jobs are followed by, over their whole life, thinned for a small curve. */
export class Trends {
  /**
   * @param api - asked once a job, for what was before this page
   * @param onSeed - called when that has arrived
   */
  constructor(
    private readonly _api: IPlatformApi,
    private readonly _onSeed: () => void
  ) {}

  /** The curve of a job, and the wish to follow it from now on. */
  get(job: IJob): readonly number[] {
    const known = this._trends.get(job.id);
    const series = followedSeries(job.progress);
    // Before its first value a job has no curve to ask for.
    if (!known && series !== null) {
      this._trends.set(job.id, {
        series,
        points: [],
        stride: 1,
        pending: [],
        lastStep: -1
      });
      void this._seed(job.id);
    }
    return known?.points ?? [];
  }

  /** Add what running jobs have reached. */
  update(jobs: Iterable<IJob>): void {
    for (const { id, progress } of jobs) {
      const trend = this._trends.get(id);
      const value = trend && progress?.values[trend.series];
      if (trend && progress && progress.step > trend.lastStep) {
        trend.lastStep = progress.step;
        if (typeof value === 'number') {
          append(trend, value);
        }
      }
    }
  }

  /** Forget the jobs that are not in `running`. */
  keep(running: ReadonlySet<string>): void {
    for (const id of this._trends.keys()) {
      if (!running.has(id)) {
        this._trends.delete(id);
      }
    }
  }

  private async _seed(job: string): Promise<void> {
    // All series, because to ask for one that has no point yet is an error.
    const query = { buckets: TREND_POINTS / 2 };
    // Without its past the curve begins now, which is no error to bother anybody with.
    const metrics = await this._api.metrics(job, query).catch(() => null);
    const trend = this._trends.get(job);
    const past = metrics?.series[trend?.series ?? '']?.mean.filter(
      value => value !== null
    );
    if (trend && past?.length) {
      const live = trend.points;
      trend.points = [];
      [...past, ...live].forEach(value => append(trend, value));
      this._onSeed();
    }
  }

  private readonly _trends = new Map<string, ITrend>();
}

function append(trend: ITrend, value: number): void {
  trend.pending.push(value);
  if (trend.pending.length < trend.stride) {
    return;
  }
  trend.points = [...trend.points, mean(trend.pending)];
  trend.pending = [];
  if (trend.points.length > TREND_POINTS) {
    trend.stride *= 2;
    const { points } = trend;
    trend.points = points
      .filter((_, index) => index % 2 === 1)
      .map((point, index) => mean([points[2 * index], point]));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
