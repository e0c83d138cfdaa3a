import { describeEndings } from './endings-contract.ts';
import { useProcesses } from './process-bots.ts';

describeEndings(useProcesses());
