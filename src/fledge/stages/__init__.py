"""The training stages: each is the batches it sees and the loss it takes."""
