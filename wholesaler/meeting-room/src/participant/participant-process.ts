import { parseArgs } from 'node:util';
import { Attendance } from './attendance.ts';
import type { JoinOptions, Order, Report } from './protocol.ts';

const { values } = parseArgs({ options: { join: { type: 'string', default: '{}' } } });
const report = (message: Report) => process.send?.(message);
const attendance = new Attendance(JSON.parse(values.join) as JoinOptions, report);

process.on('message', (order: Order) => attendance.obey(order));
process.on('disconnect', () => process.exit(0));
