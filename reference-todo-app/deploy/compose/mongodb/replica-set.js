// Run at each start: makes the replica set if there is none, and waits until it takes writes.
const password = require("fs").readFileSync("/run/secrets/mongodb-root-password", "utf8").trim();
db.getSiblingDB("admin").auth("root", password);
try {
  rs.status();
} catch (none) {
  if (none.codeName !== "NotYetInitialized") {
    throw none;
  }
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] });
}
while (!db.hello().isWritablePrimary) {
  sleep(200);
}
