import { describeEndings } from './endings-contract.ts';
import { describeManagers } from './managers-contract.ts';
import { useProcesses } from './process-bots.ts';

const processes = useProcesses();

describeEndings(processes);

describeManagers(processes);
