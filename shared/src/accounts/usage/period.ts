/** From `start` until before `end`; an open period has no end. */
export interface Period {
  start: Date;
  end: Date | null;
}

interface PlanTerm {
  period_start: Date;
  period_end: Date | null;
  renews: 'month' | null;
}

/**
 * In which seconds are counted at `now`: the whole term of the plan, or, when it renews, the month around `now` that
 * begins on the day of the term's start. A day that a month lacks is its last one.
 */
export function countingPeriod({ period_start: start, period_end: end, renews }: PlanTerm, now: Date): Period {
  if (renews === null || now < start) return { start, end };
  const guess = (now.getUTCFullYear() - start.getUTCFullYear()) * 12 + now.getUTCMonth() - start.getUTCMonth();
  const months = addMonths(start, guess) > now ? guess - 1 : guess;
  const next = addMonths(start, months + 1);
  return { start: addMonths(start, months), end: end !== null && end < next ? end : next };
}

/** The calendar month (UTC) around `now`: what is reported to users without a plan. */
export function calendarMonth(now: Date): Period {
  const month = (offset: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset));
  return { start: month(0), end: month(1) };
}

function addMonths(date: Date, months: number): Date {
  const moved = new Date(date);
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(date.getUTCDate(), daysInMonth));
  return moved;
}
