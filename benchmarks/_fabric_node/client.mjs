// Keeps so many document registrations in flight through the official gateway client, and says how many were committed.
// Settings come as one JSON object on standard input; the answer is one on standard output.
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { credentials, Client } from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';

const given = JSON.parse(readFileSync(0, 'utf8'));
const tls = credentials.createSsl(...[given.ca, given.tlsKey, given.tlsCertificate].map((path) => readFileSync(path)));
const client = new Client(given.address, tls, { 'grpc.ssl_target_name_override': 'localhost' });
const gateway = connect({
  client,
  hash: hash.sha256,
  identity: { mspId: given.msp, credentials: readFileSync(given.certificate) },
  signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(given.key))),
});
const contract = gateway.getNetwork(given.channel).getContract(given.chaincode);

const began = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - began) / 1e9;
const committed = [];
const refused = [];
const end = given.warmUp + given.seconds;

async function keepSending() {
  while (seconds() < end) {
    const call = given.template.replaceAll(given.placeholder, randomBytes(16).toString('hex'));
    try {
      await contract.submit(given.operation, { arguments: [call] });
      committed.push(seconds());
    } catch (error) {
      refused.push(String(error.message)); // this client leaves to its user what to do then: here, the next one
    }
  }
}

await Promise.all(Array.from({ length: given.inFlight }, keepSending));
const counted = committed.filter((at) => at >= given.warmUp && at < end).length;
const refusals = { refused: refused.length, why: refused[0] ?? '' };
console.log(JSON.stringify({ rate: counted / given.seconds, committed: committed.length, ...refusals }));
gateway.close();
client.close();
