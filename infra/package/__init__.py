"""What `make build` packs: each function its own file, each layer its `python` folder, ready for Lambda to unpack."""
