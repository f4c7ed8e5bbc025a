// A thread that ends when it is asked for something.

addEventListener("message", () => process.exit(1));
