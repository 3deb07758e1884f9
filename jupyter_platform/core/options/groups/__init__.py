"""Options by what they are about; the model of a job type is made of them."""
