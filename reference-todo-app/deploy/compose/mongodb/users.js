// Run once by the image, on an empty directory: MongoDB's user of the service, who may read and write its database only,
// and the service's first user, `user`, with the hash that the service's PasswordHasher reads.
const fs = require("fs");
const crypto = require("crypto");
const secret = name => fs.readFileSync(`/run/secrets/${name}`, "utf8").trim();
const base64 = bytes => bytes.toString("base64").replace(/=+$/, "");

const todoapp = db.getSiblingDB("todoapp");
todoapp.createUser({
  user: "todo",
  pwd: secret("mongodb-password"),
  roles: [{ role: "readWrite", db: "todoapp" }],
});

const rounds = 600000;
const salt = crypto.randomBytes(16);
const hash = crypto.pbkdf2Sync(secret("user-password"), salt, rounds, 32, "sha256");
todoapp.users.insertOne({
  _id: "user123",
  username: "user",
  passwordHash: `$pbkdf2-sha256$i=${rounds}$${base64(salt)}$${base64(hash)}`,
});
